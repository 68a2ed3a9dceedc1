using System.Text;
using System.Text.Json;
using Fovea.Api.Tests.Hosting;

namespace Fovea.Api.Tests.CustomVision;

public sealed class CustomVisionTests(SharedService shared)
{
    private const string Project = "2f5a1c7e-9d3b-4e6f-8a10-b2c3d4e5f607", Other = "2f5a1c7e-9d3b-4e6f-8a10-b2c3d4e5f608";

    [Theory]
    [InlineData("v3.0/Prediction", "image")]
    [InlineData("v3.0/prediction", "image/nostore")]
    [InlineData("v3.1/Prediction", "image")]
    [InlineData("v3.1/prediction", "image/nostore?application=till")]
    public async Task Image_is_answered_with_all_tags(string start, string end)
    {
        var (status, answer) = await Post($"/customvision/{start}/{Project}/classify/iterations/lenet5/{end}", Images.Digit.As(null));
        Assert.True(status == 200, $"{answer}");
        var predictions = answer.GetProperty("predictions").EnumerateArray().ToArray();
        Assert.Equal(10, predictions.Length);
        Assert.Equal(1, predictions.Sum(one => one.GetProperty("probability").GetDouble()), 1e-4);
        Assert.All(predictions, one => Assert.Equal("Regular", one.GetProperty("tagType").GetString()));
        Assert.InRange(
            answer.GetProperty("created").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
    }

    [Fact]
    public async Task Ids_are_those_of_the_label_and_the_version_in_the_project()
    {
        var (first, second, other) = (await Classify(Project), await Classify(Project), await Classify(Other));
        Assert.Equal(Tags(first), Tags(second));
        Assert.Equal(10, Tags(first).Distinct().Count());
        Assert.Empty(Tags(first).Intersect(Tags(other)));
        Assert.Equal(first.GetProperty("iteration").GetGuid(), second.GetProperty("iteration").GetGuid());

        // The ids are UUIDs of version 8 (RFC 9562), the same on every machine.
        Assert.All(Tags(first), id => Assert.Equal((8, 0x8), (id.Version, id.Variant & 0xC)));
        var seven = first.GetProperty("predictions").EnumerateArray().Single(one => one.GetProperty("tagName").GetString() == "7");
        Assert.Equal("2309b530-3208-899b-83f8-6531ebf5e432", seven.GetProperty("tagId").GetString());
    }

    [Theory]
    [InlineData("no-guid/classify/iterations/lenet5/image", 400, "BadRequest", "The project is no-guid; expected a GUID.")]
    [InlineData(Project + "/classify/iterations/none/image", 404, "NotFoundIteration", "There is no model none")]
    [InlineData(Project + "/classify/iterations/lenet5/image?store=no", 400, "BadRequest", "has no parameter store")]
    [InlineData(Project + "/detect/iterations/lenet5/image", 404, "NotFound", "There is no route")]
    [InlineData(Project + "/classify/iterations/lenet5/url", 400, "BadRequest", "The body is not JSON")]
    public async Task Wrong_addresses_are_refused_in_the_form_of_the_API(string path, int status, string code, string named)
    {
        var answer = await Post($"/customvision/v3.1/Prediction/{path}", Images.Digit.As(null));
        IsError(answer, status, code, named);
    }

    [Fact]
    public async Task Bodies_without_one_image_are_refused_in_the_form_of_the_API()
    {
        const string Path = $"/customvision/v3.1/Prediction/{Project}/classify/iterations/lenet5/image";
        IsError(await Post(Path, new ByteArrayContent([])), 400, "BadRequestImageStream", "The request has no body");
        IsError(await Post(Path, Images.TruncatedPng.As(null)), 400, "BadRequestImageFormat", "ends before its last pixel");
        IsError(await Post(Path, "text"u8.ToArray().As("text/plain")), 415, "UnsupportedMediaType", "text/plain");
        IsError(await Post(Path, Images.Form(Images.Digit, Images.Digit)), 400, "BadRequest", "several files; expected one image");
        IsError(await Post(Path, new ByteArrayContent(new byte[(20 << 20) + 1])), 400, "BadRequestImageSizeBytes", "expected at most");
        IsError(await Post(Path, Images.Blank(20_000, 1).As(null)), 400, "BadRequestImageDimensions", "20,000");
    }

    [Fact]
    public async Task Images_are_fetched_from_the_named_hosts_alone()
    {
        await using var host = await ImageHost.Start();
        await using var stranger = await ImageHost.Start();
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await TestService.StartReady(
            repository, null, $"--Fovea:CustomVision:UrlHosts:0={host.Authority}", "--Fovea:MaxImageBytes=1000000");
        foreach (var (url, status, code, named) in new[]
        {
            ($"{host.Address}/digit", 200, "", ""),
            ($"{stranger.Address}/digit", 400, "BadRequestImageUrl", $"url has the host {stranger.Authority}; expected a host from which"),
            ($"{host.Address}/elsewhere", 400, "BadRequestImageUrl", $"{host.Authority} answered 302; expected 200"),
            ($"{host.Address}/none", 400, "BadRequestImageUrl", $"{host.Authority} answered 404; expected 200"),
            ($"{host.Address}/empty", 400, "BadRequestImageUrl", "an empty body"),
            ($"{host.Address}/large", 400, "BadRequestImageSizeBytes", "2,000,000 bytes; expected at most 1,000,000"),
            ($"{host.Address}/larger", 400, "BadRequestImageSizeBytes", "more than the 1,000,000 bytes allowed"),
            ($"http://someone:secret@{host.Authority}/digit", 400, "BadRequestImageUrl", "without a user"),
            ("file:///etc/passwd", 400, "BadRequestImageUrl", "expected an http or https address"),
            ("", 400, "BadRequestImageUrl", "expected an http or https address"),
        })
        {
            var body = new StringContent(JsonSerializer.Serialize(new { Url = url }), Encoding.UTF8, "application/json");
            var answer = await service.Post($"/customvision/v3.0/Prediction/{Project}/classify/iterations/lenet5/url", body);
            if (status == 200)
            {
                Assert.True(answer.Status == 200, $"{answer.Json}");
            }
            else
            {
                IsError(answer, status, code, named);
            }
        }

        Assert.Equal(["/digit", "/elsewhere", "/none", "/empty", "/large", "/larger"], host.Seen);
        Assert.Empty(stranger.Seen);
    }

    private static Guid[] Tags(JsonElement answer) =>
        [.. answer.GetProperty("predictions").EnumerateArray().Select(one => one.GetProperty("tagId").GetGuid())];

    private static void IsError((int Status, JsonElement Json) answer, int status, string code, string named)
    {
        Assert.True(status == answer.Status, $"{answer}");
        Assert.Equal(["code", "message"], answer.Json.EnumerateObject().Select(field => field.Name));
        Assert.Equal(code, answer.Json.GetProperty("code").GetString());
        Assert.Contains(named, answer.Json.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private Task<(int Status, JsonElement Json)> Post(string path, HttpContent body) => shared.Running.Post(path, body);

    private async Task<JsonElement> Classify(string project)
    {
        var (_, answer) = await Post($"/customvision/v3.1/Prediction/{project}/classify/iterations/lenet5/image", Images.Digit.As(null));
        return answer;
    }
}
