// The signed decision table ships as a text module of the Worker's version, so that policy rolls out and back like code.
declare module "*.jws" {
  const signed: string;
  export default signed;
}
