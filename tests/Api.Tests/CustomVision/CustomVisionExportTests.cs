using System.Text;
using Fovea.Api.Tests.DatasetRepository;

namespace Fovea.Api.Tests.CustomVision;

/// <summary>Images of a Custom Vision project become a data set, as docs/migrate-from-custom-vision.md exports them.</summary>
public sealed class CustomVisionExportTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Images_listed_with_their_tags_become_a_data_set(bool hasSeveralTags)
    {
        await using var service = await DatasetService.Start();
        var (status, dataset) = await service.Upload(Export(hasSeveralTags));
        Assert.True(status == 201, $"{dataset}");
        Assert.Equal(
            ["apple", "pear"], dataset.GetProperty("classes").EnumerateArray().Select(one => one.GetProperty("label").GetString()));
        Assert.Equal(hasSeveralTags, dataset.TryGetProperty("multiLabel", out _));
        Assert.Equal("[]", $"{dataset.GetProperty("refused")}");
    }

    [Fact]
    public async Task Folders_of_tags_become_a_data_set()
    {
        await using var service = await DatasetService.Start();
        var (status, dataset) = await service.Upload(
            [.. Enumerable.Range(0, 20).Select(i => ($"My project/{(i % 2 == 0 ? "apple" : "pear")}/{NameOf(i)}", Archives.Photo(i)))]);
        Assert.True(status == 201, $"{dataset}");
        Assert.Equal(
            ["apple 10", "pear 10"],
            dataset.GetProperty("classes").EnumerateArray().Select(one => $"{one.GetProperty("label")} {one.GetProperty("count")}"));
    }

    // The names end in .jpg whatever the format, since the training API does not say it. The last image has the negative tag alone.
    private static (string Path, byte[] Bytes)[] Export(bool hasSeveralTags)
    {
        var images = Enumerable.Range(0, 20).Select(i => (Path: NameOf(i), Bytes: Archives.Photo(i))).ToArray();
        var lines = images.Select((image, i) => $$"""{"file":"{{image.Path}}","labels":[{{(
            !hasSeveralTags ? (i % 2 == 0 ? "\"apple\"" : "\"pear\"")
            : i == 19 ? ""
            : i % 3 == 0 ? "\"apple\",\"pear\""
            : i % 3 == 1 ? "\"apple\"" : "\"pear\"")}}]}""");
        return [.. images, ("labels.jsonl", Encoding.UTF8.GetBytes(string.Join('\n', lines)))];
    }

    private static string NameOf(int number) => $"{new Guid(number, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0])}.jpg";
}
