/** Text from a file must not steer the terminal. */
export function printable(text: string): string {
  return text.replace(/\p{C}/gu, '?');
}
