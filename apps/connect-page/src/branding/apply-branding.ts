import { correctContrast, formatHex, measureContrast, parseHex, type Rgb } from './contrast.js';

const white: Rgb = [255, 255, 255];
const black: Rgb = [11, 14, 20];
const themes = [
  { name: 'light', surface: white },
  { name: 'dark', surface: [21, 24, 30] },
] as const;

/**
 * Gives the page the app's colour. The fill is the colour itself with the text that can be read on it; lines, focus
 * rings and links get it dark or light enough for AA on the surface. A colour that is no hex value changes nothing.
 */
export function applyBranding(primaryColor: string | null, root: HTMLElement): void {
  const color = primaryColor ? parseHex(primaryColor) : undefined;
  if (!color) return;
  for (const { name, surface } of themes) {
    const line = correctContrast(color, surface, 4.5);
    // A fill that all but vanishes on the surface would not look like the main control.
    const fill = measureContrast(color, surface) < 1.5 ? correctContrast(color, surface, 9) : color;
    const isWhiteReadable = measureContrast(fill, white) >= 4.5;
    // Through the CSSOM: the policy forbids style attributes.
    root.style.setProperty(`--brand-${name}`, formatHex(fill));
    root.style.setProperty(`--brand-${name}-ink`, formatHex(isWhiteReadable ? white : black));
    root.style.setProperty(`--brand-${name}-shade`, isWhiteReadable ? 'black' : 'white');
    root.style.setProperty(`--brand-${name}-line`, formatHex(line));
  }
}
