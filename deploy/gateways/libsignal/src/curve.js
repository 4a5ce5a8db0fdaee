const absent = () => {
  throw new Error('libsignal is not installed');
};
export { absent as calculateSignature, absent as generateKeyPair, absent as verifySignature };
