import { Clip } from './clip.ts';
import type { Defence, DefenceName } from './defence.ts';
import { createNoDefence } from './no-defence.ts';
import { ROBUST } from './settings.ts';

/** A fresh defence for one vector of one node. */
export function createDefence(name: DefenceName): Defence {
  switch (name) {
    case 'none':
      return createNoDefence();
    default:
      return new Clip(ROBUST.clip);
  }
}
