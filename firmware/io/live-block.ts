/** Control sequences of ECMA-48 and xterm, all that is needed to draw over what was drawn. */
const LINE_UP = '\x1b[A';
const ERASE_BELOW = '\x1b[J';
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
/** DECAWM off and on: the terminal itself then cuts a long line, whatever the width of its characters. */
const CUT_LINES = '\x1b[?7l';
const WRAP_LINES = '\x1b[?7h';
const ROWS_USUAL = 24;

/** What a block draws on: a terminal. */
export interface BlockTerminal {
  /** Height in lines; undefined or 0 where it is not known. */
  readonly rows?: number | undefined;
  write(text: string): unknown;
}

/**
 * Lines at the bottom of a terminal that are drawn anew in place, with lasting lines scrolling by above them. A block
 * higher than the terminal shows its first lines, since what has scrolled away cannot be drawn over.
 */
export class LiveBlock {
  private lines: readonly string[] = [];
  private isDrawn = false;

  constructor(private readonly terminal: BlockTerminal) {}

  /** Replaces the block. */
  show(text: string): void {
    const room = Math.max(1, (this.terminal.rows || ROWS_USUAL) - 1);
    this.draw('', text.split('\n').slice(0, room));
  }

  /** Writes a line above the block, to stay. */
  persist(line: string): void {
    this.draw(`${line}\n`, this.lines);
  }

  /** Takes the block away and gives the cursor back. */
  clear(): void {
    this.draw('', []);
    if (this.isDrawn) this.terminal.write(SHOW_CURSOR);
    this.isDrawn = false;
  }

  private draw(lasting: string, lines: readonly string[]): void {
    const back = `\r${LINE_UP.repeat(this.lines.length)}${ERASE_BELOW}`;
    const block = lines.map((line) => `${line}\n`).join('');
    const shown = block === '' ? '' : `${this.isDrawn ? '' : HIDE_CURSOR}${CUT_LINES}${block}${WRAP_LINES}`;
    this.terminal.write(`${this.lines.length === 0 ? '' : back}${lasting}${shown}`);
    this.isDrawn ||= block !== '';
    this.lines = lines;
  }
}
