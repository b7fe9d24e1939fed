/** Red, green and blue, 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** Reads `#rgb` and `#rrggbb`; anything else is undefined. */
export function parseHex(text: string): Rgb | undefined {
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(text.trim());
  const long = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(text.trim());
  const parts = (long ?? short)?.slice(1).map((part) => Number.parseInt(part.padStart(2, part), 16));
  const [red, green, blue] = parts ?? [];
  return red === undefined || green === undefined || blue === undefined ? undefined : [red, green, blue];
}

export function formatHex(color: Rgb): string {
  return `#${color.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`;
}

/** Relative luminance (WCAG 2.2). */
function measureLuminance(color: Rgb): number {
  const [red, green, blue] = color.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0);
}

/** Contrast ratio of two colours, 1 to 21 (WCAG 2.2). */
export function measureContrast(one: Rgb, other: Rgb): number {
  const [light = 0, dark = 0] = [measureLuminance(one), measureLuminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

/** Moves a colour towards black or white, whichever is further from the ground, until it has the contrast asked for. */
export function correctContrast(color: Rgb, ground: Rgb, ratioMin: number): Rgb {
  const target = measureLuminance(ground) > 0.18 ? 0 : 255;
  for (let step = 0; step <= 50; step += 1) {
    const [red, green, blue] = color.map((part) => part + ((target - part) * step) / 50);
    // Rounded as it will be shown, or the last step could miss by a hair.
    const mixed: Rgb = [Math.round(red ?? 0), Math.round(green ?? 0), Math.round(blue ?? 0)];
    if (measureContrast(mixed, ground) >= ratioMin) return mixed;
  }
  return [target, target, target];
}
