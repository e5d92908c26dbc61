export { findSections, parseSections, sectionText, type Section } from './sections.ts'
export { plain, splitUnits, type Unit } from './sentences.ts'
export { contentStems } from './words.ts'
