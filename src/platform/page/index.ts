export { pagePlatform } from './platform.ts'
