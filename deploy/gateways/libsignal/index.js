// Nothing of it is called: only the channel WhatsApp would.
export {};
