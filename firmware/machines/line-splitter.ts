/**
 * Cuts text that comes in pieces into lines, LF or CRLF. A line longer than the bound is given up as a whole, and
 * counted: whoever sends without an end must not fill the memory.
 */
export class LineSplitter {
  tooLong = 0;
  #rest = '';
  #skipping = false;

  constructor(private readonly charsMax: number) {}

  /** Hands every complete line on, without its end. */
  push(text: string, line: (text: string) => void): void {
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      this.#add(text.slice(from, end));
      this.#end(line);
      from = end + 1;
    }
    this.#add(text.slice(from));
  }

  /** The last line may lack its end. */
  finish(line: (text: string) => void): void {
    if (this.#rest !== '' || this.#skipping) this.#end(line);
  }

  #add(piece: string): void {
    if (this.#rest.length + piece.length > this.charsMax) {
      this.#skipping = true;
      this.#rest = '';
    } else if (!this.#skipping) this.#rest += piece;
  }

  #end(line: (text: string) => void): void {
    const text = this.#rest;
    this.#rest = '';
    if (this.#skipping) this.tooLong++;
    else line(text.endsWith('\r') ? text.slice(0, -1) : text);
    this.#skipping = false;
  }
}
