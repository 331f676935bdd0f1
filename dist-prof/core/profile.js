// What the user configured, as the rest of the program sees it. config/ reads it from config.toml.
export const grants = ['authorization_code', 'device_code', 'client_credentials'];
/** Lower case, so that two profiles never meet in one file on a case-insensitive disk. */
const profileNamePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/;
export const isProfileName = (name) => profileNamePattern.test(name);
