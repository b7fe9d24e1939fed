import { Avatar } from 'radix-ui';
import type { ReactNode } from 'react';
import { joinClasses } from './classes.js';

/** Props of `Tile`. */
export interface TileProps {
  name: string;
  /** Shown instead of the letter once it has loaded. */
  imageUrl?: string | null;
  size?: 'small' | 'large';
}

/** The mark of an app or provider: its logo, or its first letter on a quiet ground. Decoration beside the name. */
export function Tile({ name, imageUrl, size = 'small' }: TileProps): ReactNode {
  const [letter = '?'] = name.trim();
  return (
    <Avatar.Root
      aria-hidden="true"
      className={joinClasses(
        'inline-flex shrink-0 items-center justify-center overflow-hidden border border-line bg-raised font-semibold text-soft select-none',
        size === 'large' ? 'size-12 rounded-xl text-xl' : 'size-9 rounded-lg text-base',
      )}
    >
      {imageUrl && <Avatar.Image alt="" className="size-full object-contain" src={imageUrl} />}
      <Avatar.Fallback>{letter.toUpperCase()}</Avatar.Fallback>
    </Avatar.Root>
  );
}
