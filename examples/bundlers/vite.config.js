export default { base: './', build: { outDir: 'build/vite', target: 'esnext' } };
