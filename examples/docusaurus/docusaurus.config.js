/** @type {import('@docusaurus/types').Config} */
export default {
  title: 'Docs',
  url: 'https://example.org',
  baseUrl: '/',
  onBrokenLinks: 'throw',
  // The playground, wherever it is served.
  scripts: [{ src: '/ordinal/embed.js', defer: true }],
  presets: [['classic', { docs: { routeBasePath: '/' }, blog: false, pages: false }]],
};
