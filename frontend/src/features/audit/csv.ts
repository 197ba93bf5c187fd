/** Reads a table as the API writes it (RFC 4180): its first line names the columns. */
export function readTable(text: string): Record<string, string>[] {
  const [names = [], ...lines] = readLines(text)
  return lines.map((cells) =>
    Object.fromEntries(names.map((name, column) => [name, plain(cells[column] ?? '')])),
  )
}

function readLines(text: string): string[][] {
  const lines: string[][] = []
  let line: string[] = []
  // One cell at a time, with what ends it; a quote within quotes is written twice.
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    const cell = quoted?.replaceAll('""', '"') ?? bare ?? ''
    if (end === '' && cell === '' && line.length === 0) break
    line.push(cell)
    if (end === ',') continue
    lines.push(line)
    line = []
  }
  return lines
}

/** The apostrophe stands before what a spreadsheet would take for a formula; people read the cell without it. */
function plain(cell: string): string {
  return cell.replace(/^'(?=\s*[=+\-@＝＋－＠])/u, '')
}
