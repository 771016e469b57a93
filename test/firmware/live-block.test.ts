import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LiveBlock } from '../../firmware/io/live-block.ts';

const ESCAPE = '\x1b';
const PARTS = new RegExp(`(${ESCAPE}\\[[?0-9]*[A-Za-z]|\r|\n)`);

/** A terminal as far as a block uses one: lines, a cursor at the start of one, a width that cuts or wraps. */
class Screen {
  readonly lines: string[] = [''];
  at = 0;
  isCursorShown = true;
  private isCutting = false;

  constructor(
    readonly rows: number,
    private readonly columns: number,
  ) {}

  write(text: string): void {
    for (const part of text.split(PARTS)) this.take(part);
  }

  get text(): string {
    return this.lines.join('\n');
  }

  private take(part: string): void {
    if (part === '\r') return;
    if (part === '\n') this.to(this.at + 1);
    else if (part === '\x1b[A') this.to(this.at - 1);
    else if (part === '\x1b[J') this.lines.splice(this.at, Infinity, '');
    else if (part === '\x1b[?25l' || part === '\x1b[?25h') this.isCursorShown = part.endsWith('h');
    else if (part === '\x1b[?7l' || part === '\x1b[?7h') this.isCutting = part.endsWith('l');
    else if (part !== '') this.print(part);
  }

  private print(text: string): void {
    assert.not(text.includes(ESCAPE));
    for (let rest = text; rest !== ''; rest = this.isCutting ? '' : rest.slice(this.columns)) {
      if (rest !== text) this.to(this.at + 1);
      this.lines[this.at] = rest.slice(0, this.columns);
    }
  }

  private to(line: number): void {
    assert.ok(line >= 0, 'above the screen');
    this.at = line;
    if (this.lines.length === line) this.lines.push('');
  }
}

const block = suite('live block');

block('is drawn over in place, also when it grows, shrinks and is too wide', () => {
  const screen = new Screen(24, 10);
  const view = new LiveBlock(screen);
  screen.write('$ myrmex run\n'.slice(2));
  view.show('one\ntwo');
  view.show(`one\n${'2'.repeat(30)}\nthree`);
  assert.is(screen.text, `myrmex run\none\n${'2'.repeat(10)}\nthree\n`);
  view.show('last');
  assert.is(screen.text, 'myrmex run\nlast\n');
});

block('lasting lines scroll by above it, whole', () => {
  const screen = new Screen(24, 10);
  const view = new LiveBlock(screen);
  view.persist('before');
  view.show('block\nof two');
  view.persist('a line that wraps');
  assert.is(screen.text, 'before\na line tha\nt wraps\nblock\nof two\n');
  view.clear();
  assert.is(screen.text, 'before\na line tha\nt wraps\n');
});

block('a low terminal shows the first lines, and none is left behind', () => {
  const screen = new Screen(4, 10);
  const view = new LiveBlock(screen);
  view.show('1\n2\n3\n4\n5');
  assert.is(screen.text, '1\n2\n3\n');
  view.clear();
  assert.is(screen.text, '');
});

block('a terminal that does not tell its height is taken for a usual one', () => {
  const screen = new Screen(0, 10);
  new LiveBlock(screen).show('1\n2\n3');
  assert.is(screen.text, '1\n2\n3\n');
});

block('the cursor is hidden while it stands, and comes back once', () => {
  const screen = new Screen(24, 10);
  const view = new LiveBlock(screen);
  view.clear();
  view.show('x');
  assert.is(screen.isCursorShown, false);
  view.clear();
  view.clear();
  assert.is(screen.isCursorShown, true);
});

block.run();
