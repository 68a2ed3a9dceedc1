using System.Text.Json;
using Fovea.Api.Tests.Hosting;

namespace Fovea.Api.Tests.CustomVision;

/// <summary>Classifies with Custom Vision's official client for Node.</summary>
[Trait("Needs", "clients")]
public sealed class CustomVisionClientTests
{
    private const string Project = "2f5a1c7e-9d3b-4e6f-8a10-b2c3d4e5f607";

    private static readonly NodeFolder Client = new(Path.Combine("CustomVision", "node"));

    [Fact]
    public async Task Client_classifies_images_and_reads_errors()
    {
        using var repository = new Repository().With("objects", 1);
        using var files = new TemporaryFolder();
        await File.WriteAllBytesAsync(files["digit.png"], Images.Digit, TestContext.Current.CancellationToken);
        await using var administrator = await Administrator.Start(repository, "--Fovea:RequireKeyToClassify=true");
        var service = administrator.Service.Client.BaseAddress!.ToString().TrimEnd('/');
        var output = await Client.Run("client", [service, Administrator.Key, "objects", files["digit.png"]]);
        var answers = JsonDocument.Parse(output).RootElement;
        var (bytes, stream) = (answers.GetProperty("bytes"), answers.GetProperty("stream"));
        Assert.Equal(
            ["created", "id", "iteration", "predictions", "project"],
            bytes.EnumerateObject().Select(field => field.Name).Order(StringComparer.Ordinal));
        Assert.Equal(Project, bytes.GetProperty("project").GetString());
        Assert.Equal(bytes.GetProperty("iteration").GetGuid(), stream.GetProperty("iteration").GetGuid());
        Assert.NotEqual(bytes.GetProperty("id").GetGuid(), stream.GetProperty("id").GetGuid());
        AreClose(Predictions(bytes, "tagName"), Predictions(stream, "tagName"));

        var (_, own) = await administrator.Send(HttpMethod.Post, "/classify/objects?top=10", Images.Digit.As(null));
        AreClose(Predictions(own, "label"), Predictions(bytes, "tagName"));
        foreach (var (call, status, code, named) in new[]
        {
            ("wrongModel", 404, "NotFoundIteration", "There is no model none; expected one of objects."),
            ("wrongKey", 401, "Forbidden", "an unknown one; expected the header Prediction-Key: KEY."),
            ("noImage", 400, "BadRequestImageFormat", "image"),
            ("detection", 404, "NotFound", "There is no route"),
            ("url", 400, "BadRequestImageUrl", "This service does not fetch images by address"),
        })
        {
            var failure = answers.GetProperty(call);
            var seen = (failure.GetProperty("status").GetInt32(), failure.GetProperty("code").GetString());
            Assert.True(seen == (status, code), $"{call}: {failure}");
            Assert.Contains(named, failure.GetProperty("message").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Client_classifies_an_image_by_its_address()
    {
        await using var host = await ImageHost.Start();
        using var repository = new Repository().With("objects", 1);
        using var files = new TemporaryFolder();
        await File.WriteAllBytesAsync(files["digit.png"], Images.Digit, TestContext.Current.CancellationToken);
        await using var administrator = await Administrator.Start(
            repository, "--Fovea:RequireKeyToClassify=true", $"--Fovea:CustomVision:UrlHosts:0={host.Authority}");
        var service = administrator.Service.Client.BaseAddress!.ToString().TrimEnd('/');
        var output = await Client.Run("client", [service, Administrator.Key, "objects", files["digit.png"], $"{host.Address}/digit"]);
        var answers = JsonDocument.Parse(output).RootElement;
        AreClose(Predictions(answers.GetProperty("bytes"), "tagName"), Predictions(answers.GetProperty("url"), "tagName"));
    }

    private static (string? Label, double Probability)[] Predictions(JsonElement answer, string label) =>
    [
        .. answer.GetProperty("predictions").EnumerateArray()
            .Select(one => (one.GetProperty(label).GetString(), one.GetProperty("probability").GetDouble())),
    ];

    // The service tries several forms of a network, whose sums differ in the last digits.
    private static void AreClose((string? Label, double Probability)[] expected, (string? Label, double Probability)[] actual)
    {
        Assert.Equal(expected.Select(one => one.Label), actual.Select(one => one.Label));
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First.Probability, pair.Second.Probability, 1e-4));
    }
}
