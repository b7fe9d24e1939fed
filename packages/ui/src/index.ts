export { Button, type ButtonProps, Spinner } from './button.js';
export { Disclosure, type DisclosureProps } from './disclosure.js';
export { Field, type FieldControl, type FieldProps, Select, TextInput } from './field.js';
export { Icon, type IconName } from './icons.js';
export { Notice, StatusMark, type StatusMarkProps, type Tone } from './status.js';
export { Tile, type TileProps } from './tile.js';
