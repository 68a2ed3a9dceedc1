using System.Diagnostics;
using System.Text.Json;
using Fovea.Api.DatasetRepository;
using Fovea.Api.Tests.DatasetRepository;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;

namespace Fovea.Api.Tests.CustomVision;

public sealed class KeptImageTests
{
    private const string Iteration = "/customvision/v3.1/Prediction/2f5a1c7e-9d3b-4e6f-8a10-b2c3d4e5f607/classify/iterations/lenet5";

    [Fact]
    public async Task Image_is_kept_once_and_gets_a_label_by_a_correction()
    {
        using var repository = new Repository().With("lenet5", 1);
        using var data = new TemporaryFolder();
        var id = await Upload(repository, data);
        await using var service = await Start(repository, data, id);
        foreach (var end in (string[])["image/nostore", "image", "image"])
        {
            var image = end == "image" ? Images.Digit : Archives.Photo(30);
            Assert.Equal(200, (await service.Service.Post($"{Iteration}/{end}", image.As(null))).Status);
        }

        Assert.Equal(422, (await service.Service.Post("/classify/lenet5", Images.TruncatedPng.As(null))).Status);
        Assert.Equal(400, (await service.Service.Post($"{Iteration}/image", Images.TruncatedPng.As(null))).Status);
        await Eventually.True(async () => (await Unlabelled(service, id)).Length == 1);
        var before = await service.Service.Get($"/datasets/{id}");
        var only = Assert.Single(await Unlabelled(service, id));
        Assert.Equal("unlabelled", only.GetProperty("part").GetString());
        Assert.Empty(only.GetProperty("labels").EnumerateArray());
        Assert.Equal(Images.Digit, await Bytes(service, only.GetProperty("image").GetString()!));
        Assert.NotEmpty(await Bytes(service, only.GetProperty("thumbnail").GetString()!));

        // The image is no part of the labelled data set, until a correction puts it into a new one.
        Assert.Equal(20, before.GetProperty("classes").EnumerateArray().Sum(one => one.GetProperty("count").GetInt32()));
        var (status, corrected) = await service.Send(
            HttpMethod.Post, $"/datasets?from={id}", Archives.Content(Archives.Zip(("ants/kept.png", Images.Digit))));
        Assert.True(status == 201, $"{corrected}");
        Assert.Equal(1, corrected.GetProperty("added").GetInt32());
        Assert.Empty(await Unlabelled(service, corrected.GetProperty("id").GetString()!));
    }

    [Fact]
    public async Task Full_or_missing_data_set_keeps_no_image_and_the_answer_stays_right()
    {
        using var repository = new Repository().With("lenet5", 1);
        using var data = new TemporaryFolder();
        var id = await Upload(repository, data);
        await using (var service = await Start(repository, data, id, "--Fovea:CustomVision:MaxKeptImages=1"))
        {
            foreach (int photo in (int[])[1, 2, 3])
            {
                Assert.Equal(200, (await service.Service.Post($"{Iteration}/image", Archives.Photo(photo).As(null))).Status);
            }

            await service.Service.Logs.Until("MaxKeptImages");
            Assert.Single(await Unlabelled(service, id));
            Assert.Single(Warnings(service), text => text.Contains("MaxKeptImages", StringComparison.Ordinal));
        }

        await using var other = await Start(repository, data, "ds_0123456789abcdef");
        Assert.Equal(200, (await other.Service.Post($"{Iteration}/image", Images.Digit.As(null))).Status);
        await other.Service.Logs.Until("There is no data set ds_0123456789abcdef");
        Assert.Equal(404, (await other.Send(HttpMethod.Get, "/datasets/ds_0123456789abcdef/images?part=unlabelled")).Status);
        (await other.Send(HttpMethod.Get, $"/datasets/{id}/images?part=trian")).Json.IsProblem(400, "malformed_request", "part is trian");
        (await other.Send(HttpMethod.Get, $"/datasets/{id}/images?part=unlabelled&class=ants"))
            .Json.IsProblem(400, "malformed_request", "class is ants; expected no class");
    }

    /// <summary>A named pipe in the place of a file answers only when the test writes to it, like a disk that is slow.</summary>
    [Fact]
    public async Task Slow_disk_holds_up_no_answer_and_a_deleted_data_set_stays_deleted()
    {
        var stop = TestContext.Current.CancellationToken;
        using var repository = new Repository().With("lenet5", 1);
        using var data = new TemporaryFolder();
        var id = await Upload(repository, data);
        var (folder, away) = (data[$"datasets/{id}"], data["away"]);
        await using (var service = await Start(repository, data, id))
        {
            var description = await File.ReadAllBytesAsync(Path.Combine(folder, "dataset.json"), stop);
            File.Delete(Path.Combine(folder, "dataset.json"));
            using (var make = Process.Start("mkfifo", [Path.Combine(folder, "dataset.json")]))
            {
                await make.WaitForExitAsync(stop);
            }

            // One image may be on its way to the disk; the others wait.
            for (int photo = 0; photo < UnlabelledImages.MostWaiting + 2; photo++)
            {
                Assert.Equal(200, (await service.Service.Post($"{Iteration}/image", Archives.Photo(photo).As(null))).Status);
            }

            await service.Service.Logs.Until("64 images or 64 MiB wait already");

            // Opening the pipe waits until the writer reads it. The data set is deleted before the writer has read it to its end.
            await using (var pipe = new FileStream(Path.Combine(folder, "dataset.json"), FileMode.Open, FileAccess.Write))
            {
                Directory.Move(folder, away);
                await pipe.WriteAsync(description, stop);
            }
        }

        // The service has written, or refused, all waiting images before its end.
        Assert.False(Directory.Exists(folder));
    }

    private static IEnumerable<string> Warnings(Administrator service) =>
        service.Service.Logs.Warnings.Where(text => text.Contains("is not kept", StringComparison.Ordinal));

    private static Task<Administrator> Start(Repository repository, TemporaryFolder data, string id, params string[] args) =>
        Administrator.Start(repository, [$"--Fovea:Data={data.Path}", $"--Fovea:CustomVision:KeepImagesIn={id}", .. args]);

    private static async Task<string> Upload(Repository repository, TemporaryFolder data)
    {
        await using var service = await Administrator.Start(repository, $"--Fovea:Data={data.Path}");
        var (status, json) = await service.Send(HttpMethod.Post, "/datasets", Archives.Content(Archives.Zip(Archives.AntsAndBees(10))));
        Assert.True(status == 201, $"{json}");
        return json.GetProperty("id").GetString()!;
    }

    private static async Task<JsonElement[]> Unlabelled(Administrator service, string id) =>
        [.. (await service.Service.Get($"/datasets/{id}/images?part=unlabelled")).GetProperty("data").EnumerateArray()];

    private static Task<byte[]> Bytes(Administrator service, string address) =>
        service.Service.Client.GetByteArrayAsync(address, TestContext.Current.CancellationToken);
}
