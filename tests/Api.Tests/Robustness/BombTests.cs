using Fovea.Api.Tests.Classification;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;

namespace Fovea.Api.Tests.Robustness;

public sealed class BombTests(SharedService shared)
{
    private readonly TestService service = shared.Running;

    [Fact]
    public async Task Png_of_500_megapixels_is_refused_by_its_header()
    {
        using var answer = await service.Client.PostAsync(
            "/classify/lenet5", Bombs.PngHeader(25_000, 20_000).As(null), TestContext.Current.CancellationToken);
        await answer.IsProblem(422, "too_many_pixels", "25,000");
    }

    [Fact]
    public async Task Png_within_the_limits_whose_pixels_are_missing_is_damaged()
    {
        using var answer = await service.Client.PostAsync(
            "/classify/lenet5", Bombs.PngHeader(7_000, 7_000).As(null), TestContext.Current.CancellationToken);
        await answer.IsProblem(422, "damaged_image", "PNG");
    }

    [Fact]
    public async Task Gif_of_10000_frames_is_classified_by_its_first_frame_alone()
    {
        var (status, many) = await service.Post("/classify/lenet5", Bombs.Gif(10_000).As(null));
        var (_, one) = await service.Post("/classify/lenet5", Bombs.Gif(1).As(null));
        Assert.Equal(200, status);
        many.IsLike(one);
    }

    [Fact]
    public async Task Frames_over_a_configured_limit_are_refused()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var limited = await TestService.StartReady(repository, null, "--Fovea:MaxFrames=2");
        Assert.Equal(200, (await limited.Post("/classify/lenet5", Bombs.Gif(2).As(null))).Status);
        (await limited.Post("/classify/lenet5", Bombs.Gif(3).As(null))).Json.IsProblem(422, "too_many_frames", "3 frames");
    }
}
