import type { DatabaseKind } from '../../migrations/migration.js';

/**
 * Statements that make the database itself refuse a sealed value whose data key is closed or gone: a process that stood still in the
 * middle of a write, however long, cannot store what nobody could open any more (K3). On PostgreSQL the data key's row is locked, so
 * that closing it waits for writes under way; the refusal is a serialization failure, after which the work is done again.
 * Every migration that makes a `sealed_*` column of an app adds it, and names the column in `sealed-columns.ts`.
 */
export function guardSealedColumn(kind: DatabaseKind, table: string, column: string): string[] {
  const name = `guard_${table}_${column}`;
  if (kind === 'sqlite') {
    return ['insert', `update of ${column}`].map(
      (event) => `create trigger ${name}_${event.slice(0, 6)} before ${event} on ${table}
        when length(new.${column}) > 38 and substr(new.${column}, 1, 2) = x'0124' and not exists (
          select 1 from data_keys where app_id = new.app_id and id = cast(substr(new.${column}, 3, 36) as text)
            and closed_at is null)
        begin select raise(abort, 'the data key of a sealed value is closed'); end`,
    );
  }
  return [
    `create function ${name}() returns trigger language plpgsql as $$
      begin
        if octet_length(new.${column}) > 38 and substring(new.${column} from 1 for 2) = '\\x0124'::bytea then
          perform 1 from data_keys where app_id = new.app_id
            and id = encode(substring(new.${column} from 3 for 36), 'escape') and closed_at is null for share;
          if not found then
            raise exception 'the data key of a sealed value is closed' using errcode = 'serialization_failure';
          end if;
        end if;
        return new;
      end $$`,
    `create trigger ${name} before insert or update of ${column} on ${table} for each row execute function ${name}()`,
  ];
}
