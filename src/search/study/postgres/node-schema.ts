/**
 * The tables of studies in PostgreSQL, in their own schema (`kinglet`) beside the queue's (`kinglet_queue`). Columns of
 * type `json` keep their text, and with it the order of a space's choices. Numbers are `float8`, which returns the same
 * bits.
 */
import { KingletError } from '../../../core/index.ts'
import type { Sql } from './node-connect.ts'

/** Raised when the tables change. Any other version is refused: two versions in one study would misread each other. */
const version = 1

export const queueSchema = 'kinglet_queue'

const tables = `
create schema if not exists kinglet;
create table kinglet.version (version integer not null);
insert into kinglet.version values (${version});
create table kinglet.study (
  id integer generated always as identity primary key,
  name text not null unique,
  study json not null,
  trials integer not null
);
create table kinglet.trial (
  study integer not null references kinglet.study on delete cascade,
  number integer not null,
  point json not null,
  state text not null,
  tries integer not null,
  worker text not null,
  -- How many times it was handed out before the last time.
  turn integer not null,
  -- The job of the queue that represents the lease: a new one each time.
  job uuid not null,
  -- It was given back, or its holder took another one.
  free boolean not null default false,
  "values" float8[],
  violations float8[],
  reason text,
  files json,
  began float8 not null default floor(extract(epoch from clock_timestamp()) * 1000),
  ended float8,
  primary key (study, number)
);
create table kinglet.report (
  study integer not null,
  number integer not null,
  step float8 not null,
  value float8 not null,
  primary key (study, number, step),
  foreign key (study, number) references kinglet.trial on delete cascade
);
-- Checkpoints and models, cut into parts.
create table kinglet.file (
  study integer not null,
  number integer not null,
  name text not null,
  part integer not null,
  bytes bytea not null,
  primary key (study, number, name, part),
  foreign key (study, number) references kinglet.trial on delete cascade
);
-- They are compressed already: compressing them again only costs time.
alter table kinglet.file alter bytes set storage external;`

/** The version of the tables. Undefined where there are none. */
async function versionOf(sql: Sql): Promise<number | undefined> {
  const [{ found }] = await sql(`select to_regclass('kinglet.version') is not null as found`)
  if (!found) return undefined
  const [row] = await sql('select version from kinglet.version')
  return row?.version as number | undefined
}

/** Whether the tables exist. Rejects when another version of Kinglet made them. */
export async function haveTables(sql: Sql, place: string): Promise<boolean> {
  const found = await versionOf(sql)
  if (found !== undefined && found !== version)
    throw new KingletError(
      `${place}: its tables are of version ${found}, this Kinglet has version ${version}: ` +
        'use the same Kinglet on all machines, or another database for new studies',
    )
  return found !== undefined
}

/** Creates the tables where they do not exist. */
export async function makeTables(sql: Sql, place: string): Promise<void> {
  if (!(await haveTables(sql, place))) await sql(tables)
}
