import type { ProviderDefinition } from '../definition/definition-schema.js';
import { atlassian } from './atlassian.js';
import { dropbox } from './dropbox.js';
import { github } from './github.js';
import { google } from './google.js';
import { hubspot } from './hubspot.js';
import { linear } from './linear.js';
import { microsoft } from './microsoft.js';
import { notion } from './notion.js';
import { salesforce } from './salesforce.js';
import { slack } from './slack.js';
import { spotify } from './spotify.js';
import { zoom } from './zoom.js';

/** Every catalogue entry; a new provider is one file and one line here. */
export const providerCatalogue: readonly ProviderDefinition[] = [
  atlassian,
  dropbox,
  github,
  google,
  hubspot,
  linear,
  microsoft,
  notion,
  salesforce,
  slack,
  spotify,
  zoom,
];

/** Other ids under which an entry is known. */
export const providerAliases: Readonly<Record<string, string>> = {};
