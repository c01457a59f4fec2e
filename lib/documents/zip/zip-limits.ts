/**
 * What a file of Office may unpack to. Real ones stay far below: a sheet of 50,000 rows and 10 columns is
 * 27 MB of XML, packed 12 to 1.
 */
export const ZIP_LIMITS = {
  /** Files in the archive. */
  entries: 10_000,
  /** Bytes of all files in it. */
  totalBytes: 256 * 1024 * 1024,
  /** Unpacked to packed bytes of the archive. Deflate reaches 1,032, text of people 3 to 30. */
  ratio: 200,
  /** An archive that unpacks to no more than this may have any ratio: small files of few words pack well. */
  ratioFreeBytes: 32 * 1024 * 1024,
} as const;
