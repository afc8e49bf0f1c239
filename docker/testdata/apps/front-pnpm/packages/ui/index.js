export default 'a workspace';
