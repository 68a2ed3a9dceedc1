namespace Fovea.Models;

/// <summary>The connected strokes that make up one digit in an ink map.</summary>
/// <param name="Mask">Which pixels of the map are its ink.</param>
/// <param name="Box">The smallest rectangle round them.</param>
internal sealed record Strokes(bool[] Mask, Resizer.Window Box)
{
    // A piece smaller than this share of the largest is a speck; one farther off than that share of its size is something else.
    private const double LeastMass = 0.03, FarthestGap = 0.3;

    // What the region's edge cuts is likelier the table, a finger or the next word.
    private const double CutWeight = 0.1;

    // No stroke is so broad: what holds a circle of this share of its long side is a sheet, lying on a ground of its own.
    private const double SheetShare = 0.4;

    private sealed record Piece(int Label, double Mass, double Weight, Resizer.Window Box);

    /// <summary>The heaviest piece of ink above the threshold with the pieces that lie close to it; null where there is none.</summary>
    public static Strokes? Find(InkMap map, float threshold)
    {
        int[] labels = new int[map.Ink.Length];
        var pieces = Pieces(map, threshold, labels);
        if (pieces.MaxBy(piece => piece.Weight) is not { } main)
        {
            return null;
        }

        double reach = FarthestGap * Math.Max(main.Box.Width, main.Box.Height);
        bool[] chosen = new bool[pieces.Count + 1];
        var box = main.Box;
        foreach (var piece in pieces)
        {
            bool whole = piece.Weight == piece.Mass || main.Weight != main.Mass;
            if (piece == main || (whole && piece.Mass >= LeastMass * main.Mass && Gap(piece.Box, main.Box) <= reach))
            {
                chosen[piece.Label] = true;
                box = Around(box, piece.Box);
            }
        }

        return new Strokes(Array.ConvertAll(labels, label => chosen[label]), box);
    }

    /// <summary>Whether this is no digit but the paper that one may stand on, whole within the map.</summary>
    public bool IsSheet(InkMap map)
    {
        int side = Math.Max(Box.Width, Box.Height);
        bool whole = Box.X > 0 && Box.Y > 0 && Box.X + Box.Width < map.Width && Box.Y + Box.Height < map.Height;
        return whole && side > Math.Max(map.Width, map.Height) / 5 && Mask.Count(ink => ink) > Box.Width * Box.Height / 2
            && Morphology.Distance(Array.ConvertAll(Mask, ink => !ink), map.Width, map.Height).Max() > SheetShare / 2 * side;
    }

    private static List<Piece> Pieces(InkMap map, float threshold, int[] labels)
    {
        var pieces = new List<Piece>();
        var open = new Stack<int>();
        for (int start = 0; start < labels.Length; start++)
        {
            if (labels[start] != 0 || map.Ink[start] < threshold)
            {
                continue;
            }

            int label = pieces.Count + 1;
            int left = map.Width, right = 0, top = map.Height, bottom = 0;
            double mass = 0;
            labels[start] = label;
            open.Push(start);
            while (open.TryPop(out int i))
            {
                var (y, x) = Math.DivRem(i, map.Width);
                (left, right, top, bottom) = (Math.Min(left, x), Math.Max(right, x), Math.Min(top, y), Math.Max(bottom, y));
                mass += map.Ink[i];
                for (int ny = Math.Max(0, y - 1); ny <= Math.Min(map.Height - 1, y + 1); ny++)
                {
                    for (int nx = Math.Max(0, x - 1); nx <= Math.Min(map.Width - 1, x + 1); nx++)
                    {
                        int neighbour = (ny * map.Width) + nx;
                        if (labels[neighbour] == 0 && map.Ink[neighbour] >= threshold)
                        {
                            labels[neighbour] = label;
                            open.Push(neighbour);
                        }
                    }
                }
            }

            bool cut = left == 0 || top == 0 || right == map.Width - 1 || bottom == map.Height - 1;
            pieces.Add(new(label, mass, cut ? mass * CutWeight : mass, new(left, top, right - left + 1, bottom - top + 1)));
        }

        return pieces;
    }

    private static double Gap(Resizer.Window a, Resizer.Window b)
    {
        int x = Math.Max(a.X - b.X - b.Width, b.X - a.X - a.Width), y = Math.Max(a.Y - b.Y - b.Height, b.Y - a.Y - a.Height);
        return Math.Max(0, Math.Max(x, y));
    }

    private static Resizer.Window Around(Resizer.Window a, Resizer.Window b)
    {
        int x = Math.Min(a.X, b.X), y = Math.Min(a.Y, b.Y);
        return new(x, y, Math.Max(a.X + a.Width, b.X + b.Width) - x, Math.Max(a.Y + a.Height, b.Y + b.Height) - y);
    }
}
