// What the driver (Queue.java) and a rival say to each other, a line each: standard input and output.
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

let marks = new Uint8Array(0);
let ran = 0;
let told = 0;

/** A job ran. */
export function mark(number) {
  marks[number]++;
  ran++;
}

const say = (line) => process.stdout.write(line + "\n");

const tell = () => {
  if (ran !== told) {
    told = ran;
    say(`ran ${told}`);
  }
};

/** Serves the driver: from pause() on no job starts, fill(count) queues so many, and go() has them run. */
export async function serve({ pause, fill, go }) {
  setInterval(tell, 5);
  say("ready");
  for await (const line of createInterface({ input: process.stdin })) {
    const [command, argument] = line.split(" ");
    switch (command) {
      case "begin":
        pause();
        marks = new Uint8Array(Number(argument));
        ran = told = 0;
        say("begun");
        break;
      case "fill":
        await fill(Number(argument));
        say("filled");
        break;
      case "go":
        await go();
        break;
      case "marks":
        tell();
        writeFileSync(argument, marks);
        say("marked");
        break;
      default:
        throw new Error(`what is ${line}?`);
    }
  }
  process.exit(0);
}
