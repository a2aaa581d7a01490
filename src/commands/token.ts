import { Command, Option } from 'commander';
import { badInput, readConfig } from '../platform/index.js';
import { DevelopmentIssuer, ROLES, type Role } from '../security/index.js';

interface TokenOptions {
  readonly role: Role;
  readonly name: string;
  readonly customer?: string;
}

export function tokenCommand(command: Command): void {
  command
    .addOption(new Option('--role <role>', 'the role it carries').choices(Object.keys(ROLES)).makeOptionMandatory())
    .option('--name <name>', 'whom it stands for', 'Developer')
    .option('--customer <externalId>', "a borrower's customer")
    .action(async ({ role, name, customer }: TokenOptions) => {
      if ((role === 'BORROWER') !== (customer !== undefined)) throw badInput('A borrower is a customer: give --customer <externalId> with --role BORROWER, and with no other role.');
      const issuer = await DevelopmentIssuer.open(readConfig());
      const identity = { subject: name.toLowerCase().replaceAll(' ', '-'), name, roles: [role] };
      process.stdout.write(`${await issuer.tokenFor({ ...identity, ...(customer !== undefined && { customer }) })}\n`);
    });
}
