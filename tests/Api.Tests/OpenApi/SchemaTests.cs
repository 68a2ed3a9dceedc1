using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fovea.Api.FineTuning;
using Fovea.Api.Problems;
using Fovea.Api.Tests.Hosting;
using Fovea.Models.Errors;
using Microsoft.OpenApi;

namespace Fovea.Api.Tests.OpenApi;

/// <summary>Generators of clients need names of operations and schemas of all bodies in the OpenAPI document.</summary>
public sealed class SchemaTests(SharedService shared)
{
    [Fact]
    public async Task Each_operation_has_a_name_of_its_own_and_no_parameter_twice()
    {
        var document = await Parsed();
        var operations = document.Paths.SelectMany(path => path.Value.Operations!.Values).ToArray();
        Assert.Equal(operations.Length, operations.Select(operation => operation.OperationId).Distinct().Count());
        Assert.All(operations, operation =>
        {
            Assert.Matches("^[A-Z][a-z]+[A-Z][A-Za-z]+$", operation.OperationId);

            // NSwag turns both parameters and the fields of a form into arguments of one method, so their names must differ.
            string[] names =
            [
                .. (operation.Parameters ?? []).Select(parameter => parameter.Name!),
                .. (operation.RequestBody?.Content ?? new Dictionary<string, IOpenApiMediaType>())
                    .Where(body => body.Key == "multipart/form-data").SelectMany(body => body.Value.Schema!.Properties!.Keys),
            ];
            Assert.Equal(names.Distinct(StringComparer.OrdinalIgnoreCase), names);
        });
    }

    [Fact]
    public async Task Each_body_and_each_answer_in_JSON_has_a_schema()
    {
        var document = await Parsed();
        var bodies = document.Paths.SelectMany(path => path.Value.Operations!).SelectMany(operation =>
            (IEnumerable<KeyValuePair<string, IOpenApiMediaType>>)
            [
                .. operation.Value.RequestBody?.Content ?? new Dictionary<string, IOpenApiMediaType>(),
                .. operation.Value.Responses!.Values.SelectMany(answer => answer.Content ?? new Dictionary<string, IOpenApiMediaType>()),
            ]);
        Assert.All(bodies.Where(body => body.Key.EndsWith("json", StringComparison.Ordinal)), body =>
        {
            // A file that is downloaded, whatever its type.
            if (body.Value.Schema!.Format == "binary")
            {
                return;
            }

            var reference = Assert.IsType<OpenApiSchemaReference>(body.Value.Schema!.Items ?? body.Value.Schema);
            Assert.Contains(reference.Reference.Id!, document.Components!.Schemas!.Keys);
        });
    }

    [Fact]
    public async Task Code_of_a_problem_is_one_of_those_that_have_a_status()
    {
        var codes = SwaggerTests.Names(await Schema("ProblemCode")).ToArray();
        Assert.Equal(Enum.GetValues<ErrorCode>().Length + Enum.GetValues<ServiceError>().Length, codes.Length);
        Assert.Contains("unknown_model", codes);
        Assert.Contains("not_an_image", codes);
    }

    [Fact]
    public async Task Schema_of_a_job_has_the_fields_that_a_request_may_have_and_no_other()
    {
        var example = (await Document()).GetProperty("paths").GetProperty("/fine_tuning/jobs").GetProperty("post")
            .GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("example");
        var fields = (await Schema("JobRequest")).GetProperty("properties").EnumerateObject().Select(field => field.Name);
        var sample = JsonNode.Parse($"{example}")!.AsObject();
        (sample["training_file"], sample["metadata"]) = ($"{sample["dataset"]}", new JsonObject { ["by"] = "me" });
        Assert.Equal(fields.Order(), sample.Select(field => field.Key).Order());
        JobRequest.Read(Encoding.UTF8.GetBytes($"{sample}"));
    }

    private async Task<OpenApiDocument> Parsed() => OpenApiDocument.Parse(
        await shared.Running.Client.GetStringAsync("/swagger/v1/swagger.json", TestContext.Current.CancellationToken)).Document!;

    private async Task<JsonElement> Schema(string name) =>
        (await Document()).GetProperty("components").GetProperty("schemas").GetProperty(name);

    private Task<JsonElement> Document() => shared.Running.Get("/swagger/v1/swagger.json");
}
