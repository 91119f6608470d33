import type { Schemas } from '@/api/client'

/** What somebody entered about a database: an address, or its parts. */
export interface Entered {
  engine: Schemas['Engine']
  dsn: string
  host: string
  port: number | null
  database: string
  username: string
  password: string
  tls: string
  allDatabases: boolean
}

/** The engine that an address is of; null where it does not say. */
export function engineOf(dsn: string): Schemas['Engine'] | null {
  if (/^postgres(ql)?:\/\//i.test(dsn.trim())) return 'postgres'
  return /^clickhouse:\/\//i.test(dsn.trim()) ? 'clickhouse' : null
}

/** The registration as the API takes it. */
export function bodyOf(entered: Entered) {
  const dsn = entered.dsn.trim()
  const engine = engineOf(dsn) ?? entered.engine
  const all_databases = engine === 'postgres' && entered.allDatabases ? true : undefined
  if (dsn) return { engine, dsn, all_databases }
  return {
    engine,
    all_databases,
    host: entered.host.trim(),
    port: entered.port || undefined,
    database: entered.database.trim() || undefined,
    username: entered.username.trim() || undefined,
    password: entered.password || undefined,
    tls: entered.tls as Schemas['TlsMode']
  }
}

/** A name to begin with: the database and its host, never anything secret. */
export function nameOf(entered: Entered): string {
  const found = /^\w+:\/\/(?:[^@/]*@)?([^:/?#]+)[^/]*(?:\/([^?#]*))?/.exec(entered.dsn.trim())
  const host = found ? found[1] : entered.host.trim()
  const database = found ? (found[2] ?? '') : entered.database.trim()
  return [database, host].filter(Boolean).join(' on ')
}

/** The least that the role of Basira needs. */
export const roleStatements: Record<Schemas['Engine'], string> = {
  postgres: `CREATE ROLE basira LOGIN PASSWORD '...' CONNECTION LIMIT 3 IN ROLE pg_monitor;
CREATE EXTENSION pg_stat_statements;   -- in the database; and in shared_preload_libraries
GRANT pg_read_all_data TO basira;      -- only for plans`,
  clickhouse: `CREATE USER basira IDENTIFIED WITH sha256_password BY '...' SETTINGS readonly = 2;
GRANT SELECT ON system.* TO basira;
GRANT SHOW TABLES ON *.* TO basira;`
}
