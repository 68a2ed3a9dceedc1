using Fovea.Api.Tests.DatasetRepository;
using Fovea.Api.Tests.FineTuning;

namespace Fovea.Api.Tests.OpenApi;

/// <summary>
/// Clients that NSwag and Kiota generate from the OpenAPI document compile without a warning, classify, make a data set of an archive, run
/// a job to its end, and read its events and its report, each in a program of its own against a service in another process.
/// </summary>
[Trait("Needs", "clients")]
public sealed class GeneratedClientTests
{
    private const string Document = "openapi.json";

    private static readonly string[] NSwag =
    [
        "nswag", "openapi2csclient", $"/input:{Document}", "/classname:FoveaClient", "/namespace:Fovea.Generated",
        "/output:FoveaClient.cs",
    ];

    private static readonly string[] Kiota =
        ["kiota", "generate", "-l", "CSharp", "-d", Document, "-c", "FoveaClient", "-n", "Fovea.Generated", "-o", "Client"];

    [Fact]
    public Task Client_by_NSwag_compiles_and_does_a_whole_job() => Walk("nswag", NSwag);

    [Fact]
    public Task Client_by_Kiota_compiles_and_does_a_whole_job() => Walk("kiota", Kiota);

    private static async Task Walk(string program, string[] generate)
    {
        await using var workshop = Workshop.OfProcesses();
        await workshop.StartProcess("both");
        using var client = new GeneratedClient(program);
        var stop = TestContext.Current.CancellationToken;
        await client.Write(Document, await workshop.Client.GetByteArrayAsync("/swagger/v1/swagger.json", stop));
        await client.Run("tool", "restore");
        await client.Run(generate);
        await client.Run("build", "-c", "Release", "-o", "out", "--disable-build-servers");
        var archive = await client.Write("shapes.zip", Archives.Zip(Shapes.Of(20)));
        var image = await client.Write("ring.png", Shapes.Draw(99, isRing: true));
        var output = await client.Run(client["out/Walk.dll"], $"{workshop.Client.BaseAddress}", Workshop.Key, archive, image);
        Assert.Equal("done", output.Trim());
    }
}
