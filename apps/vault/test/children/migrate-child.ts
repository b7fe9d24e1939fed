// Migrates the database of its argument; with `hangs`, stays in the middle of a second migration for ever.
import { sql } from 'kysely';
import { openStorage } from '../../src/storage/database/open-storage.js';
import { migrate, migrations } from '../../src/storage/migrations/migrate.js';
import type { Migration } from '../../src/storage/migrations/migration.js';

const { options, hangs } = JSON.parse(process.argv[2] ?? '{}');
const hanging: Migration = {
  name: '900-hanging',
  run: async (trx) => {
    await sql`create table half_made (id text not null primary key)`.execute(trx);
    await sql`insert into meta (key, value) values ('half', 'x')`.execute(trx);
    process.stdout.write('middle\n');
    setInterval(() => {}, 1_000);
    await new Promise(() => {});
  },
};
const storage = await openStorage(options);
const { applied } = await migrate(storage, {
  migrations: hangs === true ? [...migrations, hanging] : migrations,
});
await storage.close();
process.stdout.write(`applied ${JSON.stringify(applied)}\n`);
