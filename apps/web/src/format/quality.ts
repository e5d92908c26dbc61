import { isJudged, type Quality } from '@flotilla/domain'
import { percent } from './quantities.ts'

/** Of a run that nothing has judged no percentage: it would pass for a verdict. */
export const qualityText = (quality: Quality): string => (isJudged(quality) ? percent(quality.score) : 'not judged')
