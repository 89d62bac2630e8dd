import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { z } from 'zod';

/** The service's OpenAPI document: paths from the controllers, bodies, queries and answers from their zod schemas. */
export function createOpenApiDocument(app: NestFastifyApplication, name: string, version: string): object {
  const about = new DocumentBuilder().setTitle(`medveil ${name}`).setVersion(version).addBearerAuth().addSecurityRequirements('bearer').build();
  return SwaggerModule.createDocument(app, about, {
    standardSchemaConverter: (schema, { schemaType }) =>
      schema instanceof z.ZodType ? { schema: z.toJSONSchema(schema, { target: 'openapi-3.0', io: schemaType, unrepresentable: 'any' }) } : undefined,
  });
}
