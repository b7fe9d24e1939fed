import { AlterConnect } from './alter-connect.js';

Object.assign(globalThis, { AlterConnect });
