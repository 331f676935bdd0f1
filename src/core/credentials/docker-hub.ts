// Docker Hub has several names: docker itself looks it up under one URL, other clients under a host.

/** The key in docker's configuration and in its calls of a credential helper. */
export const dockerHubKey = 'https://index.docker.io/v1/'

export const dockerHubHosts: readonly string[] = [
  'index.docker.io',
  'docker.io',
  'registry-1.docker.io',
  'registry.hub.docker.com',
]

export const isDockerHub = ({ host }: { readonly host: string }): boolean => dockerHubHosts.includes(host)
