const absent = () => {
  throw new Error('libsignal is not installed');
};
export { absent as calculateMAC, absent as decrypt, absent as deriveSecrets, absent as encrypt };
