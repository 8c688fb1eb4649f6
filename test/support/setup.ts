/** Runs before every test file. */
import { afterAll } from 'vitest'
import './equal.ts'
import { removeFolders } from './folders.ts'

afterAll(removeFolders)
