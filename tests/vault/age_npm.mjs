// What age-encryption (npm) writes fettle opens, and the reverse: node age_npm.mjs FETTLE ROUNDS
import { execFileSync } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { writeFileSync } from "node:fs";
import * as age from "age-encryption";

const [fettle, rounds] = [process.argv[2], Number(process.argv[3])];
const run = (args, input) =>
	execFileSync(fettle, ["vault", "age", ...args], { input, maxBuffer: 1 << 26, stdio: ["pipe", "pipe", "inherit"] });
const fail = (text) => {
	console.error(text);
	process.exit(1);
};

const identities = [];
for (let i = 0; i < 10; i++) identities.push(await age.generateIdentity());
const recipients = [];
for (const [i, identity] of identities.entries()) {
	writeFileSync(`npm${i}`, identity + "\n");
	recipients.push(await age.identityToRecipient(identity));
	const ours = run(["keygen", "-y", `npm${i}`]).toString().trim();
	if (ours !== recipients[i]) fail(`recipient ${ours} is not ${recipients[i]}`);
}
for (let round = 0; round < rounds; round++) {
	const size = Math.max(0, randomInt(4) * 65536 + randomInt(-20, 20));
	const plain = randomBytes(size);
	const count = randomInt(1, 11), which = randomInt(count), armor = round % 4 > 1;
	let opened;
	if (round % 2) {
		const e = new age.Encrypter();
		recipients.slice(0, count).forEach((r) => e.addRecipient(r));
		let sealed = await e.encrypt(plain);
		if (armor) sealed = Buffer.from(age.armor.encode(sealed));
		opened = run(["decrypt", "-i", `npm${which}`], sealed);
	} else {
		const to = recipients.slice(0, count).flatMap((r) => ["-r", r]);
		let sealed = run(["encrypt", ...to, ...(armor ? ["-a"] : [])], plain);
		if (armor) sealed = age.armor.decode(sealed.toString());
		const d = new age.Decrypter();
		d.addIdentity(identities[which]);
		opened = await d.decrypt(sealed);
	}
	if (Buffer.compare(Buffer.from(opened), plain) !== 0) fail(`round ${round}, ${size} bytes: not the same`);
}
writeFileSync("pass", "correct horse\n");
const e = new age.Encrypter();
e.setPassphrase("correct horse");
e.setScryptWorkFactor(12);
const text = run(["decrypt", "--passphrase-file", "pass"], Buffer.from(await e.encrypt("by npm"))).toString();
if (text !== "by npm") fail(`passphrase: ${text}`);
const d = new age.Decrypter();
d.addPassphrase("correct horse");
const back = await d.decrypt(run(["encrypt", "-p", "--passphrase-file", "pass"], "by fettle"), "text");
if (back !== "by fettle") fail(`passphrase: ${back}`);
console.log(`${rounds} files`);
