import type { Shape } from './engine/shape.js';
import { dropbox } from './lasting/dropbox.js';
import { github } from './lasting/github.js';
import { google } from './lasting/google.js';
import { hubspot } from './lasting/hubspot.js';
import { salesforce } from './lasting/salesforce.js';
import { spotify } from './lasting/spotify.js';
import { atlassian } from './rotating/atlassian.js';
import { linear } from './rotating/linear.js';
import { microsoft } from './rotating/microsoft.js';
import { notion } from './rotating/notion.js';
import { slack } from './rotating/slack.js';
import { zoom } from './rotating/zoom.js';

/** Every shape: refresh tokens last at the first six, rotate at the others. */
export const SHAPES: readonly Shape[] = [
  google,
  github,
  hubspot,
  salesforce,
  dropbox,
  spotify,
  microsoft,
  slack,
  notion,
  atlassian,
  linear,
  zoom,
];
