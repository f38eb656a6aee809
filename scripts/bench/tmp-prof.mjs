import { join } from 'node:path'
import { measureChild } from './children.mjs'
import { askServer } from './load.mjs'
import { HERE } from './places.mjs'
const requests=Number(process.env.REQ||400000)
const { stdout } = await measureChild(['--cpu-prof','--cpu-prof-interval','500','--cpu-prof-dir=/tmp/w/cp4',join(HERE,'programs/server.mjs')],{env:{ALWAYS_ON:'1'},folder:'/tmp/w',meanwhile:async(said)=>{
 const port=/port (\d+)/.exec(said)[1]; const done=new AbortController()
 const pull=(async()=>{let w=0;while(!done.signal.aborted){try{const r=await fetch(`http://127.0.0.1:${port}/debug/pprof/profile?seconds=${w?10:1}`,{signal:done.signal}); await r.arrayBuffer(); w++}catch{await new Promise(r=>setTimeout(r,50))}}return w})()
 await askServer(said,requests/2,{ends:false}); await fetch(`http://127.0.0.1:${port}/warm`)
 const r=await askServer(said,requests); done.abort(); console.log('windows',await pull); return r }})
console.log(stdout)
