const setOf = (words: string): ReadonlySet<string> => new Set(words.split(/\s+/).filter((word) => word !== ''))

/** Words without a meaning of their own: English, and the commonest of German, French and Spanish. */
export const STOPWORDS = setOf(`
  a about above after again all also although am an and any are aren't as at be because been before being below between
  both but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each either else even
  ever every few for from further get gets had hadn't has hasn't have haven't having he her here hers him his how however
  i if in into is isn't it its it's itself just least let like many may me might more most much must mustn't my neither no nor
  not now of off on once only or other our ours ourselves out over own per please rather same shall she should shouldn't since so
  some such than that the their theirs them themselves then there these they this those though through thus to too under until up
  upon us very via was wasn't we were weren't what when where whether which while who whom whose why will with within
  without won't would wouldn't yes yet you your yours yourself one ones
  der die das und oder ist sind nicht ein eine einen einem einer mit von für auf im in den dem des zu wie was wer wo
  le la les des du de un une et ou est sont dans pour que qui sur par avec au aux ce cette ces
  el los las una y es son del que en por con para al como
`)

/** Words that ask for work rather than name a subject: they say what to do with the documents, not what to look for. */
export const TASK_WORDS = setOf(`
  accord according advise advice analyse analyze analysis answer article ask assess base based brief briefly choose chosen cite
  citation citing clear clearly compare comparison comparing conclude conclusion consider content contents contradict
  contradiction contradictory contrast criteria decide decision deliver deliverable describe described detail detailed
  details determine difference different differ disagree disagreement discuss document documents documentation draft
  evaluate evidence examine explain extract fact facts final find finding give given goal help identify include
  information investigate list main make mention mentioned name naming note notes outline overview paper paragraph
  passage pick point points produce prepare provide question quote rank recommend recommendation recommended relevant
  report research result review say says section sentence show source sources stated statement statements
  suggest summarise summarize summary synthesis task tell text topic understand use used useful using verbatim write
  written conflict conflicting agree agreement attached following supplied provided audit blog post essay email letter memo newsletter poem speech presentation slides team need needs needed mean means exist exists happen happens
  new known know knows various several main overall general important interesting current small large big good well known
  one two three four five six seven eight nine ten first second third next last both
`)

/** The same for questions, whose verbs mostly belong to what is asked. */
export const META_WORDS = setOf(`
  accord according answer cite cited document documents exist exists happen happens mean means mention mentioned mentions need needed needs
  please question quote quoted said say says source sources stated tell tells text texts
`)

/** Forms that no rule finds, and a few everyday words that mean the same, by the word that they are counted as. */
const SAME = `
  begin: began begun begins beginning start starts started starting
  break: broke broken
  build: built
  buy: bought purchase purchases purchased purchasing
  child: children
  choose: chose chosen
  come: came
  employee: employees staff
  fall: fell fallen
  feel: felt
  find: found
  give: gave given
  go: gone went
  grow: grew grown
  hold: held
  keep: kept retain retains retained retaining retention stored
  know: knew known
  lay: laid
  lead: led
  leave: left holiday holidays vacation vacations
  lose: lost loss losses
  make: made
  man: men
  mean: meant
  meet: met
  pay: paid
  person: people
  recover: recovery recoveries
  rise: rose risen
  run: ran
  say: said
  see: saw seen
  sell: sold
  send: sent
  show: showed shown
  spend: spent
  stand: stood
  take: took taken
  teach: taught
  think: thought
  throw: threw thrown
  win: won
  woman: women
  write: wrote written author authors authored
`

export const IRREGULAR: ReadonlyMap<string, string> = new Map(
  SAME.trim()
    .split('\n')
    .flatMap((line) => {
      const [word = '', forms = ''] = line.trim().split(': ')
      return forms.split(' ').map((form): [string, string] => [form, word])
    }),
)

/** What is asked for in the one word is often said in the others: an abstract noun first, then how it shows. */
export const CONCEPTS: readonly (readonly string[])[] = [
  'durability durable persistence persist survive survives lose disk crash acknowledge acknowledged copies replicated committed',
  'guarantee guarantees promise promises ensure ensures assure survive lose never always',
  'reliability reliable fail failure failures error errors crash outage available availability',
  'security secure safety encrypt encrypted encryption password passwords permission permissions access attack vulnerability',
  'cost costs price prices expensive cheap free fee fees charge charges paid dollars euros budget',
  'speed performance fast slow latency throughput quick milliseconds',
  'scalability scale scales load capacity limit limits throughput',
  'retention archive history keep delete deleted expire',
  'usability easy simple difficult convenient beginner beginners',
  'quality good better best poor accurate precise',
  'salary salaries wage wages pay paid compensation bonus',
  'schedule deadline deadlines date dates time due until',
  'responsibility responsible owner owners owns duty approve approves manager',
].map((line) => line.split(' '))
