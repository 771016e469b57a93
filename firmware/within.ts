/** Waits for a promise, but not longer; says whether it was in time. Does not keep the process alive by itself. */
export const within = async (promise: Promise<unknown>, msMax: number): Promise<boolean> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), msMax).unref();
  });
  try {
    return await Promise.race([promise.then(() => true as const), late]);
  } finally {
    clearTimeout(timer);
  }
};
