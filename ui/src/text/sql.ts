export type TokenKind = 'keyword' | 'string' | 'number' | 'comment' | 'parameter' | 'plain'

export interface Token {
  kind: TokenKind
  text: string
}

const keywords = new Set(
  (
    'add all alter analyze and any array as asc begin between by cascade case cast column commit concurrently conflict constraint copy create cross ' +
    'cte current database default delete desc distinct do drop else end engine except exists explain extension extract final for format from full ' +
    'function global grant group having if ilike in index inner insert intersect interval into is join key lateral left like limit lock ' +
    'materialized merge modify natural not nothing null nulls offset on optimize or order outer over partition prewhere primary reset returning ' +
    'revoke right role rollback select sequence set settings show system table then to transaction truncate ttl union unique update user using ' +
    'vacuum values verbose view when where window with'
  ).split(' ')
)

const pattern = /(--[^\n]*|\/\*[\s\S]*?\*\/)|('(?:[^']|'')*')|(\$\d+|\{\w+:\w+\}|\?)|(\b\d+(?:\.\d+)?\b)|("[^"]*"|[A-Za-z_][\w$]*)|(\s+|[^\s])/g

/** `sql` in tokens to be coloured; put together they are the text again. */
export function tokens(sql: string): Token[] {
  const result: Token[] = []
  for (const [text, comment, string, parameter, number, word] of sql.matchAll(pattern)) {
    const kind = comment
      ? 'comment'
      : string
        ? 'string'
        : parameter
          ? 'parameter'
          : number
            ? 'number'
            : word && keywords.has(word.toLowerCase())
              ? 'keyword'
              : 'plain'
    const last = result[result.length - 1]
    if (last?.kind === kind && kind === 'plain') last.text += text
    else result.push({ kind, text })
  }
  return result
}

/** `sql` on lines of its own, or as it is where the formatter cannot read it. The formatter is loaded when it is first needed. */
export async function formatted(sql: string, engine: 'postgres' | 'clickhouse'): Promise<string> {
  const { formatDialect, postgresql, clickhouse } = await import('sql-formatter')
  try {
    return formatDialect(sql, { dialect: engine === 'postgres' ? postgresql : clickhouse, keywordCase: 'preserve' })
  } catch {
    return sql
  }
}
