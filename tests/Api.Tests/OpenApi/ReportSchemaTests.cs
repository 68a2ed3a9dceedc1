using System.Reflection;
using System.Text.Json.Nodes;
using Fovea.Api.OpenApi;
using Fovea.Api.Tests.Documentation;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Fovea.Api.Tests.OpenApi;

/// <summary>
/// The service passes on the reports that the training program writes, and knows none of its types. So the schema of reports lies in a
/// file, which this test makes from the types.
/// </summary>
public sealed class ReportSchemaTests
{
    private const string Name = "Report", Namespace = "Fovea.Training.Reports";

    [Fact]
    public async Task Schema_of_reports_is_that_of_the_training_programs_types()
    {
        var now = (await Describe()).ReplaceLineEndings("\n") + "\n";
        var copy = Path.Combine(AppContext.BaseDirectory, "report.json");
        await File.WriteAllTextAsync(copy, now, TestContext.Current.CancellationToken);
        var stored = await File.ReadAllTextAsync(
            Path.Combine(DocumentPage.Root, "src", "Api", "OpenApi", "report.json"), TestContext.Current.CancellationToken);
        Assert.True(now == stored, $"The content of reports has changed. If that is meant, copy {copy} to src/Api/OpenApi/report.json.");
    }

    private static async Task<string> Describe()
    {
        var training = Assembly.LoadFrom(Path.Combine(AppContext.BaseDirectory, "Fovea.Training.dll"));
        var services = new ServiceCollection().AddLogging().AddSwaggerGen(document =>
            ApiDescription.AddSchemas(document, training, typeof(Models.Graphs.Graph).Assembly));
        await using var provider = services.BuildServiceProvider();
        var (repository, generator) = (new SchemaRepository("v1"), provider.GetRequiredService<ISchemaGenerator>());
        string[] forms = ["TrainingReport", "MultiLabelReport"];
        foreach (var form in forms)
        {
            generator.GenerateSchema(training.GetType($"{Namespace}.{form}", throwOnError: true)!, repository);
        }

        var document = new OpenApiDocument
        {
            Info = new OpenApiInfo { Title = "The reports of training runs", Version = "v1" },
            Paths = [],
            Components = new OpenApiComponents { Schemas = repository.Schemas },
        };
        EitherSchema.Add(Name, forms[0], forms[1], repository.Schemas, document);
        var json = JsonNode.Parse(await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_0))!;
        KeepUsed(json["components"]!["schemas"]!.AsObject());
        return json.ToJsonString(SwaggerTests.Indented);
    }

    // Removes the schemas to which no reference leads from the report.
    private static void KeepUsed(JsonObject schemas)
    {
        var used = new HashSet<string>();
        var open = new Queue<string>([Name]);
        while (open.TryDequeue(out var name))
        {
            if (used.Add(name))
            {
                References(schemas[name]!).ToList().ForEach(open.Enqueue);
            }
        }

        foreach (var name in schemas.Select(schema => schema.Key).Except(used).ToArray())
        {
            schemas.Remove(name);
        }
    }

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject all => all.SelectMany(property =>
            property.Key == "$ref" ? [$"{property.Value}".Split('/')[^1]] : References(property.Value)),
        JsonArray items => items.SelectMany(References),
        _ => [],
    };
}
