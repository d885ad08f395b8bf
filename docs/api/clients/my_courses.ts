import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

/** The titles of the courses that somebody is enrolled in. */
export async function myCourses(
  baseUrl: string,
  tenant: string,
  email: string,
  password: string,
): Promise<string[]> {
  const api = createClient<paths>({ baseUrl, headers: { "X-Tenant": tenant } });
  const pair = await api.POST("/api/v1/auth/login", { body: { email, password } });
  if (!pair.data) throw new Error(pair.error.detail);
  const headers = { Authorization: `Bearer ${pair.data.access_token}` };
  const page = await api.GET("/api/v1/enrollments", {
    params: { query: { include: "course", limit: 100 } },
    headers,
  });
  if (!page.data) throw new Error(page.error.detail);
  return page.data.items.flatMap((item) => (item.course ? [item.course.title] : []));
}
