/** Fields whose value is a secret; one that ends in `File` names a file instead, and may be seen. */
const SECRET = /^(password|passphrase|secret|token)$/i;
const SECRET_FILE = /^(password|passphrase|secret|token|key)File$/i;
/** User and password of a URL, which should not be there and sometimes are. */
const USER_INFO = /\/\/[^/?#\s]*@/g;

/** A copy that may be printed: secrets become `***`, and URLs lose what stands before their `@`. */
export const masked = (value: unknown, key = ''): unknown => {
  if (SECRET.test(key)) return '***';
  if (typeof value === 'string') return value.replace(USER_INFO, '//***@');
  if (Array.isArray(value)) return value.map((element) => masked(element));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, masked(inner, name)]));
};

/** Paths of the files that hold secrets: passwords and private keys, wherever in a configuration they are named. */
export const secretFilesOf = (value: unknown): readonly string[] => {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    SECRET_FILE.test(name) && typeof inner === 'string' ? [inner] : secretFilesOf(inner),
  );
};
