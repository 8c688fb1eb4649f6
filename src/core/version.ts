/** The version that model files and `--version` carry. A test holds it against package.json. */
export const version = '0.1.0'
